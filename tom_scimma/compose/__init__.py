"""One composer, many sinks: what will be said, to whom, what each still needs.

selection.py what was chosen -> gather.py Content -> fields.py what the sinks need -> parcels.py what will leave -> sending.py
"""
