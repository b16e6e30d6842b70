"""Who is listened for: the company, its competitors, its products and its market."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from flows.settings.fields import Label, Part, QueryField, Slug

EntityKind = Literal["company", "competitor", "product", "market"]


class Entity(Part):
    """Something that posts are about, with the query that says which posts."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: ClassVar[EntityKind]
    entity_id: Slug = Field(alias="id", description="Stands in the tables as `entity_id`; never change it.")
    name: Label = Field(description="The name in tables and summaries.")
    query: QueryField = Field(description="Which posts are about it (docs/reference/queries.md).")

    @property
    def query_text(self) -> str:
        """The query as it was written."""
        return self.query.text


class Business(Entity):
    """A company with accounts of its own, which the business index tells from its customers."""

    accounts: dict[str, tuple[Label, ...]] = Field(
        default={},
        description="Its own accounts: handles by type of source, such as `mastodon: ['@us@example.social']`.",
    )


class Company(Business):
    """The company that listens."""

    kind: ClassVar[EntityKind] = "company"


class Competitor(Business):
    """A company it is compared with."""

    kind: ClassVar[EntityKind] = "competitor"


class Product(Entity):
    """A product or brand of the company."""

    kind: ClassVar[EntityKind] = "product"


class Market(Entity):
    """The market as a whole: posts about the subject, whoever is named."""

    kind: ClassVar[EntityKind] = "market"


class Industry(Part):
    """The market the company is in. Its id chooses the default aspects."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: Slug = Field(
        default="generic",
        description="retail, software, telecom, mobility, finance, manufacturing, hospitality, or any other id.",
    )
    name: Label = Field(default="Market", description="The name in tables and summaries.")
    query: QueryField | None = Field(
        default=None, description="Posts about the market; without it nothing is collected."
    )

    @property
    def market(self) -> Market | None:
        """The market as an entity, when there is a query for it."""
        if self.query is None:
            return None
        return Market(id=self.id, name=self.name, query=self.query)
