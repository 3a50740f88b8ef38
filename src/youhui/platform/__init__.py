"""What every part stands on and what knows no business word: database, errors, settings, paging, the edge of HTTP."""
