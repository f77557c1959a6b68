"""`python -m cstalk_ue` is the program `cstalk-ue`."""

from cstalk_ue.cli import main

if __name__ == "__main__":
    main()
