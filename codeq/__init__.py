"""CodeQ: a data-lineage pipeline in which a code model teaches itself to debug."""
