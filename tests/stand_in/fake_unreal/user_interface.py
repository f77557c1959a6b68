"""What a person sees: progress, undo, dialogs; and classes that scripts define for the editor."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.basics import Text
from stand_in.fake_unreal.binding import FUNCTIONS, checked, exposed
from stand_in.fake_unreal.enums import AppMsgCategory, AppMsgType, AppReturnType
from stand_in.fake_unreal.world import current


class ScopedSlowTask:
    """A progress bar; only within a `with`."""

    def __init__(self, work: float, desc: Union[Text, str] = "", enabled: bool = True) -> None:  # noqa: F821
        self._work, self._desc, self._done, self._steps = work, str(desc), 0.0, 0
        self._open = self._cancellable = False

    def __enter__(self) -> ScopedSlowTask:
        self._open = True
        current().event("slow_task", self._desc)
        return self

    def __exit__(self, type: Any, value: Any, traceback: Any) -> bool:
        self._open = False
        return False

    def make_dialog(self, can_cancel: bool = False, allow_in_pie: bool = False) -> None:
        self._cancellable = can_cancel

    def make_dialog_delayed(self, delay: float, can_cancel: bool = False, allow_in_pie: bool = False) -> None:
        self._cancellable = can_cancel

    def enter_progress_frame(self, work: float = 1.0, desc: Union[Text, str] = "") -> None:  # noqa: F821
        if not self._open:
            raise Exception("ScopedSlowTask: Internal Error - the slow task has not been entered")
        self._done += work
        self._steps += 1
        if self._done > self._work * 1.001 + 1e-6:
            current().fault(
                f"slow task {self._desc!r}: {self._done:g} of {self._work:g} units of work are done"
            )

    def should_cancel(self) -> bool:
        after = int(current().behaviours.get("cancel-slow-task") or 0)
        return bool(after) and self._cancellable and self._steps >= after


class ScopedEditorTransaction:
    """One step of undo; only within a `with`."""

    def __init__(self, desc: Union[Text, str]) -> None:  # noqa: F821
        self._desc = str(desc)

    def __enter__(self) -> ScopedEditorTransaction:
        current().transactions.append(self._desc)
        current().undo(True, self._desc)
        current().open_transactions += 1
        return self

    def __exit__(self, type: Any, value: Any, traceback: Any) -> bool:
        current().open_transactions -= 1
        return False

    def cancel(self) -> None:
        current().transactions.remove(self._desc)
        current().undo_steps -= 1


for _kind in (ScopedSlowTask, ScopedEditorTransaction):
    _kind.__init__ = checked(_kind.__init__, _kind.__name__)  # type: ignore[method-assign]
    exposed(_kind)


@exposed
class EditorDialog(BlueprintFunctionLibrary):
    @classmethod
    def show_message(
        cls,
        title: Text,
        message: Text,
        message_type: AppMsgType,
        default_value: AppReturnType = AppReturnType.NO,
        message_category: AppMsgCategory = AppMsgCategory.WARNING,
    ) -> AppReturnType:
        current().modal(f"{title}: {message}", honours_unattended=True)
        return AppReturnType.OK if message_type is AppMsgType.OK else default_value


def uclass() -> Any:
    """Decorator of classes that the editor shall know."""
    return lambda kind: kind


def ufunction(
    meta: Any = None,
    ret: Any = None,
    params: Any = None,
    override: Any = None,
    static: Any = None,
    pure: Any = None,
    getter: Any = None,
    setter: Any = None,
) -> Any:
    return lambda function: function


FUNCTIONS.update(uclass=uclass, ufunction=ufunction)
