"""The files of a new site, as data: `site/` for every one, the others for a host's workflow.

A name that begins with `dot-` is written with a full stop there; @TODAY@ and @SITEGEN_VERSION@ are
filled in.
"""
