"""Looking at a site that no sheet knows, and drafting its sheet."""
