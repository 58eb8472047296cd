/** A box in whole units of time: PC1 in slots, PC2 and C2 on devices, a wait between them, room for some sectors. */
export interface TinyBox {
  readonly pc1: number;
  readonly pc2: number;
  readonly wait: number;
  readonly c2: number;
  readonly pc1Slots: number;
  readonly devices: number;
  readonly maxSectors: number;
}

/**
 * Where a sector stands: the stage's number times 100, and in it the units of time that are left; 0 left is waiting to
 * be started. Stages: 1 PC1, 2 PC2, 3 the wait, 4 C2.
 */
type Place = number;
type State = readonly Place[];

const stage = (place: Place) => Math.floor(place / 100);
const left = (place: Place) => place % 100;

/** The most sectors that any schedule completes within the horizon, by trying every one (dynamic programming). */
export function mostCompleted(box: TinyBox, horizon: number): number {
  let layer = new Map<string, { state: State; done: number }>([['', { state: [], done: 0 }]]);
  for (let time = 0; time < horizon; time += 1) {
    const next = new Map<string, { state: State; done: number }>();
    for (const { state, done } of layer.values()) {
      for (const started of starts(state, box)) {
        const { state: later, completed } = pass(started, box);
        const key = later.join();
        const known = next.get(key);
        if (!known || known.done < done + completed) next.set(key, { state: later, done: done + completed });
      }
    }
    layer = next;
  }
  return Math.max(...[...layer.values()].map(({ done }) => done));
}

/** Every way to begin sectors and to start what waits, none included. */
function starts(state: State, box: TinyBox): State[] {
  const grown: State[] = [];
  for (let more = 0; state.length + more <= box.maxSectors; more += 1) {
    grown.push([...state, ...Array.from({ length: more }, () => 100)]);
  }
  const all = new Map<string, State>();
  for (const one of grown) for (const started of startEach(one, 0, box)) all.set(started.join(), started);
  return [...all.values()];
}

function startEach(state: State, index: number, box: TinyBox): State[] {
  const place = state[index];
  if (place === undefined) return [state.toSorted((a, b) => a - b)];
  const ways = startEach(state, index + 1, box);
  if (left(place) > 0) return ways;
  const times: Readonly<Record<number, number>> = { 1: box.pc1, 2: box.pc2, 4: box.c2 };
  const started = state.with(index, place + (times[stage(place)] ?? 0));
  const running = (stages: readonly number[]) =>
    started.filter((one) => left(one) > 0 && stages.includes(stage(one))).length;
  const fits = running([1]) <= box.pc1Slots && running([2, 4]) <= box.devices;
  return fits ? [...ways, ...startEach(started, index + 1, box)] : ways;
}

/** One unit of time: what runs comes nearer to its end, and on to the next stage there. */
function pass(state: State, box: TinyBox): { state: State; completed: number } {
  let completed = 0;
  const later = state.flatMap((place) => {
    if (left(place) === 0) return [place];
    if (left(place) > 1) return [place - 1];
    const next = stage(place) + 1;
    if (next > 4) {
      completed += 1;
      return [];
    }
    return [next * 100 + (next === 3 ? box.wait : 0)];
  });
  return { state: later.toSorted((a, b) => a - b), completed };
}
