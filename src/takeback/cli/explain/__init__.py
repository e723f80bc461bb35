"""Pictures of the evidence: what was found in a person's own file, drawn on it.

A page shows the picture, so it is written where the file is, readable by its owner alone,
and sent nowhere. Lines are light on dark or dark on light, and each box has its letter, so
that nothing is lost in grey, on paper, or to eyes that tell no colours apart.
"""
