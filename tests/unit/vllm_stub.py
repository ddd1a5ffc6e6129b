"""A small HTTP server that answers /v1/completions as vLLM does, or misbehaves as it is told."""

import json
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from codeq.models import SampleRequest
from codeq.models.transformers_engine import TransformersEngine


class VllmStub:
    """Serves `engine` under `name`; `faults` are taken one per completion request, before any real answer.

    A fault is a status code, a body to send as it stands, or a function that changes the right answer.
    """

    def __init__(self, engine: TransformersEngine, name: str) -> None:
        self.engine, self.name = engine, name
        self.faults: deque[Any] = deque()
        self.always: Any = None  # a fault for every request
        self.bodies: list[dict[str, Any]] = []
        self.tempered = False
        self.lists, self.checks_names = True, True
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1)  # the engine is no server: one thread has its threads
        self.start(0)

    def start(self, port: int) -> None:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                models = [{"id": stub.name}] if stub.lists else []
                self.reply(200, json.dumps({"data": models} if self.path == "/v1/models" else {}))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with stub._lock:
                    stub.bodies.append(body)
                    fault = stub.faults.popleft() if stub.faults else stub.always
                    if stub.checks_names and body["model"] != stub.name:
                        fault = 404
                    if isinstance(fault, int):
                        return self.reply(fault, json.dumps({"error": f"told to say {fault}"}))
                    if isinstance(fault, str):
                        return self.reply(200, fault)
                    answer = stub._worker.submit(stub.answer, body).result()
                if fault is not None:
                    fault(answer)
                self.reply(200, json.dumps(answer))

            def reply(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that has hung up
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """What vLLM says to a prompt of token ids; the ids themselves are the message of a stand-in template."""
        prompt = tuple(body["prompt"])
        text = self.engine._tokenizer.decode(prompt).removeprefix("<bug>").removesuffix("<fix>")
        messages = ({"role": "user", "content": text},)
        assert self.engine.render(messages).token_ids == prompt
        request = SampleRequest(messages, (body["seed"],), body["temperature"], body["top_p"], body["max_tokens"])
        ((completion,),) = self.engine.sample([request])
        ids = completion.token_ids
        scores = self.engine.logprobs([(prompt + ids[:place], ids[place : place + 1]) for place in range(len(ids))])
        tops = self.engine.logprobs([(prompt, (token,)) for token in range(20)])
        if self.tempered:
            tops = [score / body["temperature"] for score in tops]
        choice = {
            "index": 0,
            "text": completion.text,
            "finish_reason": completion.finish_reason,
            "token_ids": ids,
            "logprobs": {
                "token_logprobs": scores,
                "top_logprobs": [{str(token): score for token, score in enumerate(tops)}],
            },
        }
        usage = {"prompt_tokens": len(prompt), "completion_tokens": len(ids)}
        return {"object": "text_completion", "model": self.name, "choices": [choice], "usage": usage}
