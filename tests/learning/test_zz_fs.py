import time, multiprocessing, sys
def child(q):
    import sys; q.put(("torch" in sys.modules, "tests.learning.runs" in sys.modules))
def test_a():
    import tests.learning.runs as r
    q=r._context.Queue()
    for _ in range(2):
        t=time.time(); p=r._context.Process(target=r._kill); p.start(); p.join(); print("proc",time.time()-t,p.exitcode)
