"""Files to judge, made from a seed: honest ones that must pass, and hostile ones of many kinds that must not."""
