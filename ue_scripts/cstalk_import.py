"""Task ``import_curves``: each curve file becomes an AnimSequence, written, read back, compared and saved.

An asset of ours is rewritten in place; one that somebody edited, or that is not ours, is left alone unless
forced; one that would come out the same is skipped. Writing goes without undo: importing again restores.
"""

import hashlib
import json

import cstalk_tags
from cstalk_asset_path import split_asset_path
from cstalk_errors import ItemError
from cstalk_job_file import text_of
from cstalk_plan import Plan
from cstalk_readback import content_hash, largest_error
from cstalk_sequence import (
    check_length,
    create_sequence,
    existing_sequence,
    read_curves,
    save,
    write_curves,
)
from cstalk_skeleton import find_skeleton, path_of

SETTINGS = {
    "skeleton": "",  # path of the face skeleton; "" searches
    "tolerance": 1e-4,  # how far thinned keys may be from the file's frames; 0 keys every frame
    "empty_zero_curves": True,  # a curve that is 0 throughout exists, but has no keys
    "clamp": False,  # hold the raw curves to 0..1
    "head": True,  # write the seven head curves
    "force": False,  # replace what is edited by hand or not ours
    "checkout": False,  # check the asset out of source control before saving
    "roots": ["/Game"],  # assets go below these only
    "expected": [],  # names that a complete file has
}

READBACK_TOLERANCE = 1e-4
_LAYOUT = "1"
"""Part of the settings noted on an asset: raise it when the same settings begin to write something else."""


class Task(object):
    """One job of curve files; the skeleton is looked for once, when it is first needed."""

    def __init__(self, settings, dry_run):
        self.settings, self.dry_run, self._skeleton = settings, dry_run, None

    def items_of(self, items):
        return items

    def report(self):
        return None

    def skeleton(self):
        if self._skeleton is None:
            self._skeleton = find_skeleton(self.settings["skeleton"])
        return self._skeleton

    def do(self, item):
        """Write one asset, or say why not. Returns the fields of its result."""
        file = text_of(item, "file")
        folder, asset_name = split_asset_path(item.get("asset"), self.settings["roots"])
        asset = "%s/%s" % (folder, asset_name)
        result: dict = {"asset": asset}
        result["source_hash"] = source_hash(file, text_of(item, "source_hash"))
        sequence = existing_sequence(asset)
        if sequence is not None:
            force = bool(item.get("force")) or self.settings["force"]
            unchanged = self._is_unchanged(sequence, result["source_hash"], force)
            if unchanged:
                result["content_hash"] = unchanged
                return dict(result, status="skipped", message="It is already there, unchanged.")
            self._check_skeleton(sequence, asset)
        plan = Plan(file, self.settings)
        result.update(plan.summary(), created=sequence is None)
        if self.dry_run:
            where = "make it on %s" % path_of(self.skeleton()) if sequence is None else "write it again"
            return dict(result, status="done", message="Would %s%s" % (where, plan.remark()))
        if sequence is None:
            sequence = create_sequence(folder, asset_name, self.skeleton())
        cstalk_tags.mark_unfinished(sequence)
        write_curves(sequence, plan.frames, plan.curves)
        result.update(verified(sequence, plan, self.settings["tolerance"]))
        cstalk_tags.write_tags(
            sequence,
            source_hash=result["source_hash"],
            content_hash=result["content_hash"],
            settings=self._settings_note(),
            model=text_of(item, "model") or _text(plan.provenance.get("model")),
            emotion=text_of(item, "emotion") or _text(plan.provenance.get("emotion")),
        )
        try:
            save(sequence, self.settings["checkout"])
        except ItemError:
            cstalk_tags.mark_unfinished(sequence)  # or the next attempt would find nothing to do
            raise
        verb = "Made" if result["created"] else "Written again"
        return dict(result, status="done", curves_written=len(plan.curves), message=verb + plan.remark())

    def _is_unchanged(self, sequence, source, force):
        """The content hash of an asset that needs no writing, else ""."""
        tags = cstalk_tags.read_tags(sequence)
        found = content_hash(read_curves(sequence).values())
        try:
            same = cstalk_tags.is_unchanged(tags, found, source, self._settings_note())
        except ItemError:
            if not force:
                raise
            return ""
        return found if same else ""

    def _settings_note(self):
        s = self.settings
        return "layout=%s tolerance=%g empty=%d clamp=%d head=%d" % (
            _LAYOUT,
            s["tolerance"],
            s["empty_zero_curves"],
            s["clamp"],
            s["head"],
        )

    def _check_skeleton(self, sequence, asset):
        """The skeleton of an existing sequence cannot be changed; say so if another one was asked for."""
        if not self.settings["skeleton"]:
            return
        has, asked = sequence.get_skeleton(), self.skeleton()
        if has is not None and path_of(has).lower() != path_of(asked).lower():
            raise ItemError(
                "%s is on skeleton %s; expected %s. Choose another name, so that a new one is made."
                % (asset, path_of(has), path_of(asked))
            )


def verified(sequence, plan, tolerance):
    """Read the sequence back: its content hash, and the largest error against the file.

    Raises:
        ItemError: it is not what was written.
    """
    check_length(sequence, plan.frames)
    back = read_curves(sequence)
    lost = [name for name, _, _, _ in plan.curves if name.lower() not in back]
    if lost:
        raise ItemError(
            "%d of %d curves did not arrive, %s among them. It is not saved; send it again."
            % (len(lost), len(plan.curves), lost[0])
        )
    worst, name = 0.0, ""
    for name_of, values in plan.dense.items():
        _, times, keys = back[name_of.lower()]
        error = largest_error(plan.times, values, times, keys)
        if error > worst:
            worst, name = error, name_of
    if worst > READBACK_TOLERANCE + tolerance:
        raise ItemError(
            "%s reads back %g off; expected at most %g. It is not saved; send it again."
            % (name, worst, READBACK_TOLERANCE + tolerance)
        )
    return {"content_hash": content_hash(back.values()), "max_error": worst}


def source_hash(file, expected=""):
    """SHA-256 of a curve file.

    Raises:
        ItemError: it cannot be read, or is not the file that was sent.
    """
    try:
        with open(file, "rb") as stream:
            digest = hashlib.sha256()
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except (OSError, ValueError) as error:
        raise ItemError("%s: cannot be read (%s). Copy or convert it again." % (file, error)) from error
    if expected and digest.hexdigest() != expected:
        raise ItemError("%s: has changed since it was sent. Send it again." % file)
    return digest.hexdigest()


def _text(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True) if value else ""
