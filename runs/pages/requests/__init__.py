"""What a page's view starts and ends with: request, conditional answers, downloads."""
