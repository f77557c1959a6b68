"""What can go wrong in the editor, as one tree.

    ScriptError
    ├── JobError         the whole job is refused; `code` is a word for programs
    └── ItemError        one item of a job cannot be done; the others go on
        └── ConflictError    somebody else's work is in the way

A message is one or two sentences: what was found, what was expected, what to do.
"""


class ScriptError(Exception):
    """Base of everything these scripts raise on purpose."""


class JobError(ScriptError):
    """The whole job is refused, nothing was attempted."""

    def __init__(self, message, code="error"):
        super().__init__(message)
        self.code = code


class ItemError(ScriptError):
    """One item cannot be done."""

    status = "failed"


class ConflictError(ItemError):
    """The asset holds work that is not ours to replace."""

    status = "conflict"
