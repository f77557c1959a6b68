"""The start-up script of the editor plugin. `cstalk-ue unreal install` puts the other scripts beside it."""
