import { placeControls } from './action-controls.ts';
import { drawingsOf } from './live-drawing.ts';
import { LiveState } from './live-state.ts';
import type { EndOnPage, PlanOnPage, ViewOnPage } from './messages.ts';
import { place, send } from './send.ts';

/** The page that watches a run: draws each view as it arrives, while the page is visible. */
const runId = place('live').dataset.run ?? '';
const stopButton = place<HTMLButtonElement>('stop');
const pauseButton = place<HTMLButtonElement>('pause');

let state: LiveState | undefined;
let isPaused = false;
/** A frame is requested and has not been drawn. */
let isDue = false;
const drawn = new Map<string, string>();
/** What is scrolled out of view is drawn now and then only: drawing takes from the machine that makes the load. */
const framesOutOfView = 5;
let frames = 0;

const events = new EventSource(`/runs/${runId}/events`);

events.addEventListener('plan', ({ data }: MessageEvent<string>) => {
  // After a lost connection, the server sends everything again.
  const plan = JSON.parse(data) as PlanOnPage;
  // What is typed into the forms stays.
  if (state === undefined) placeControls(runId, plan);
  state = new LiveState(plan);
});

events.addEventListener('view', ({ data }: MessageEvent<string>) => {
  state?.take(JSON.parse(data) as ViewOnPage);
  place('trouble').textContent = '';
  drawSoon();
});

events.addEventListener('ended', ({ data }: MessageEvent<string>) => {
  events.close();
  const { verdict, reason } = JSON.parse(data) as EndOnPage;
  say(verdict ?? 'ended without a report');
  stopButton.disabled = true;
  if (verdict === undefined) place('trouble').textContent = reason ?? '';
  // The same address now is the report.
  else location.reload();
});

events.addEventListener('error', () => {
  // Closed: stampede answered that it has no such run, or that too many pages are open.
  place('trouble').textContent =
    events.readyState === EventSource.CLOSED
      ? 'stampede sends no more data about this run to this page. Reload the page.'
      : 'The connection to stampede is lost. Trying again.';
});

stopButton.addEventListener('click', async () => {
  stopButton.disabled = true;
  const { ok } = await send(`/api/runs/${runId}/stop`, {});
  if (ok) return;
  stopButton.disabled = false;
  place('trouble').textContent = 'The run could not be stopped; Ctrl-C in the terminal stops it.';
});

pauseButton.addEventListener('click', () => {
  isPaused = !isPaused;
  pauseButton.setAttribute('aria-pressed', String(isPaused));
  drawSoon();
});

document.addEventListener('visibilitychange', drawSoon);
document.addEventListener('scrollend', drawSoon);

function drawSoon(): void {
  if (isDue || isPaused || document.hidden) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

function draw(): void {
  const view = state?.latest;
  if (state === undefined || view === undefined) return;
  say(view.phase);
  place<HTMLProgressElement>('elapsed').value = view.elapsedShare;
  place<HTMLOutputElement>('left').textContent = view.timeLeft;
  frames++;
  for (const [id, drawing] of Object.entries(drawingsOf(state, view))) {
    const element = place(id);
    if (!isInView(element) && frames % framesOutOfView !== 1) continue;
    const { markup } = drawing();
    if (drawn.get(id) === markup) continue;
    drawn.set(id, markup);
    replace(element, markup);
  }
}

function isInView(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom >= 0 && top <= innerHeight;
}

/** What the reader has opened or is on stays so. */
function replace(element: HTMLElement, markup: string): void {
  const open = [...element.querySelectorAll('details')].map((details) => details.open);
  const regions = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('[tabindex="0"], summary')];
  const focused = regions().indexOf(document.activeElement as HTMLElement);
  const scrolled = regions().map(({ scrollLeft }) => scrollLeft);
  element.innerHTML = markup;
  for (const [i, details] of element.querySelectorAll('details').entries()) details.open = open[i] ?? false;
  for (const [i, region] of regions().entries()) region.scrollLeft = scrolled[i] ?? 0;
  if (focused >= 0) regions()[focused]?.focus({ preventScroll: true });
}

/** Read out by screen readers where it changes, and only there. */
function say(phase: string): void {
  const element = place('phase');
  if (element.textContent !== phase) element.textContent = phase;
}
