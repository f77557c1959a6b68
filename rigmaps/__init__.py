"""Rig tables as CSV, read by `cstalk_ue.rig`. SOURCES.md tells where each one comes from."""
