"""The preview: what is written is served, what must run is run, and open pages follow both.

Three processes. `app` answers the browser, watches the files, and knows of the site only which
files there are. `worker` builds, one thing after another, and renders what blocks give. `runner`
has the kernels. They tell each other the nouns of `news`.
"""
