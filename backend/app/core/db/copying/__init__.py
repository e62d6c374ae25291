"""All rows of one database into another, or into a file, and proof that not a byte was lost."""
