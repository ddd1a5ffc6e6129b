"""The mini model: a small Qwen2 that repairs small functions, so that the loop runs on a laptop.

`corpus` reads functions out of the installed Python, `tokenizer` learns a byte-level BPE from
them, `pretraining` teaches copying and then repair. The weights in `weights/` ship with CodeQ;
``snakemake mini_base_model`` rebuilds them.
"""
