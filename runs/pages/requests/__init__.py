"""What every page's view starts and ends with: the request, conditional answers, downloads."""
