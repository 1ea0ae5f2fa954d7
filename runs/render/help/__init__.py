"""Pages of the user documentation as HTML, with headings that can be linked."""

from runs.render.help.help_page import Heading, HelpPage, heading_id, render_help_page

__all__ = ["Heading", "HelpPage", "heading_id", "render_help_page"]
