"""Against abuse: how often, who not at all, how many wrong codes, and campaigns that are given out too fast."""
