"""Reports: from recorded numbers to frozen view data, to charts, to Markdown. Numbers first, drawing second.

``evidence`` is what a report is made from, ``page`` puts one together; Markdown and HTML are two renderings of it.
"""
