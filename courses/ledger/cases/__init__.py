"""What people decide about hours: claims, corrections, appeals, with their evidence and their notices."""
