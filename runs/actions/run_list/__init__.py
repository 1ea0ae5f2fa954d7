"""What a run list keeps on the server: selections and exports of histories."""
