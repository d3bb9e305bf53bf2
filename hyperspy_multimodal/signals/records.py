"""Records of fusions in lazy signals and stacks of maps."""

import numpy as np

_RECORD = "multimodal_fusion_record"
# What differs from map to map, lists until a map is made.
_BY_MAP = ("verdict", "because", "reasons", "haadf_use")


def set_record_task(signal, record):
    """Let a lazy signal have a task of its record; of a stack, a list with one per slice."""
    signal.tmp_parameters.set_item(_RECORD, record)


def record_task(signal):
    """Return the task of a lazy signal's record, None if it has none."""
    return signal.tmp_parameters.get_item(_RECORD, None)


def without_record_task(signal):
    """Take the task of its record off a signal that is lazy no longer."""
    if record_task(signal) is not None:
        delattr(signal.tmp_parameters, _RECORD)


def common_record(records):
    """Return one record: what all slices share as it is, what differs as a list."""
    common = {}
    for name in records[0]:
        values = [record[name] for record in records]
        if isinstance(values[0], np.ndarray):
            common[name] = np.stack(values)
        else:
            same = all(value == values[0] for value in values)
            common[name] = values[0] if same else values
    return common


def record_of_map(record, number):
    """Return the record of one map: its own verdict, and what all maps share."""
    own = {name: record[name][number] for name in _BY_MAP if name in record}
    return {**record, **own}
