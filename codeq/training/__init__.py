"""Pairs and a policy to the next policy: guards on the data, DPO, merging. Imports nothing heavy."""
