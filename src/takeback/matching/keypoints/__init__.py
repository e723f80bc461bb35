"""Which registered pictures lie in an upload, whole or in part, by their keypoints."""
