"""Typst on the same documents: a compiler that is kept, the values as inputs; prints CPU seconds a document."""

import json
import sys
import time

import typst

request = json.load(sys.stdin)
compiler = typst.Compiler(request["source"], font_paths=[request["fonts"]], ignore_system_fonts=True)
seconds = []
for document in request["documents"]:
    start = time.process_time()
    pdf = compiler.compile(sys_inputs={"data": json.dumps(document)})
    seconds.append(time.process_time() - start)
    assert pdf[:5] == b"%PDF-"
sys.stdout.write(json.dumps(sum(seconds[1:]) / len(seconds[1:])))
