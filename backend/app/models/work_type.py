"""A work type: what kind of work hours were."""

from app.models.coded import Coded, coded_by_user


class WorkType(Coded, table=True):
    """A kind of work, such as review or travel."""

    __tablename__ = "work_types"
    __table_args__ = coded_by_user("work_types")
