"""Templates 券模板: written, published, stopped, voided, copied."""
