"""The version of these scripts. Equal to the package's; a sender that differs loads them anew."""

VERSION = "0.1.0"
