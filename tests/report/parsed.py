"""A page as a browser sees it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img", "base"}


class Page(HTMLParser):
    """The page as a browser sees it: tags with attributes, and the text in each language."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {"vi": [], "en": []}
        self.raw: dict[str, str] = {}
        self.unclosed: list[str] = []
        self._hidden_from: list[str | None] = [None]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in VOID:
            return
        language = attributes.get("lang")
        switched = tag != "html" and "kept" not in (attributes.get("class") or "")
        self._hidden_from.append(language if language and switched else self._hidden_from[-1])
        self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag
        self._hidden_from.pop()

    def handle_data(self, data: str) -> None:
        inside = self.unclosed[-1] if self.unclosed else ""
        if inside in ("style", "script"):
            self.raw[inside] = data
            return
        for language in self.text:
            if self._hidden_from[-1] in (None, language):
                self.text[language].append(data)

    def shown(self, language: str = "vi") -> str:
        return " ".join(" ".join(self.text[language]).split())
