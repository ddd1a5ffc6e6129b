"""Doctor: whether this machine has what a study needs on a profile, and what to do about what it lacks.

`checks` judges facts and does no I/O; `probes` finds the facts; `examination` brings the two together.
"""
