"""Make models complete on this machine: what is missing is made again from the lineage record and verified."""

import logging
from pathlib import Path

from codeq import stage

log = logging.getLogger("codeq.restore")


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("manifests", type=Path, nargs="+", help="manifest.json of each model")
    args = parser.parse_args()

    from codeq.training.restoring import restore

    for manifest in args.manifests:
        log.info("%s: %s", manifest.parent, "made again and verified" if restore(manifest.parent) else "complete")


if __name__ == "__main__":
    stage.run(main)
