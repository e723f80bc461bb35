"""The append-only audit log: events, tree, proofs, store."""

from takeback.audit.event import ACTIONS, Event, Fact
from takeback.audit.head import SignedHead
from takeback.audit.proof import InclusionProof
from takeback.audit.store import AuditLog
from takeback.audit.verify import Verified

__all__ = ["ACTIONS", "AuditLog", "Event", "Fact", "InclusionProof", "SignedHead", "Verified"]
