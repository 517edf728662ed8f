// A web service of its own process that answers after known delays: 20 ms to 60 ms, evenly spread, and status 503 to one in 20. On GET /log
// it says how long it took for each, from the last byte of the request to the last of its answer.
import { createServer } from 'node:http';

const delays = Array.from({ length: 401 }, (_, i) => 20 + i / 10);
const took = [];
let requests = 0;

const server = createServer((request, response) => {
  if (request.url === '/log') {
    response.end(JSON.stringify(took));
    return;
  }
  request.resume();
  request.on('end', () => {
    const receivedAt = performance.now();
    const number = requests++;
    setTimeout(
      () => {
        response.statusCode = number % 20 === 7 ? 503 : 200;
        response.end('ok');
        took.push(performance.now() - receivedAt);
      },
      delays[(number * 149) % delays.length],
    );
  });
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
