"""Plain English: banned words and long sentences, in names, texts and documentation."""
