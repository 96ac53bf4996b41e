/** Small drawings of good and of failing predictions: boxes on objects, or the words of a reference above an answer's. */

/** x, y, width, height on 72 by 48. */
type Rect = readonly [x: number, y: number, width: number, height: number];

interface BoxDrawing {
  objects: readonly Rect[];
  /** Objects that should have been found. */
  missed?: readonly Rect[];
  right: readonly Rect[];
  wrong?: readonly Rect[];
}

const ONE: Rect = [24, 12, 24, 24];
const SMALL: Rect = [7, 19, 15, 15];
const LARGE: Rect = [34, 8, 30, 30];
const LEFT: Rect = [8, 14, 20, 20];
const RIGHT: Rect = [44, 14, 20, 20];

function around([x, y, width, height]: Rect, by: number): Rect {
  return [x - by, y - by, width + 2 * by, height + 2 * by];
}

const FAILING_BOXES: Record<string, BoxDrawing> = {
  loose_box: { objects: [ONE], right: [], wrong: [[10, 3, 50, 42]] },
  missed_detection: { objects: [LEFT], missed: [RIGHT], right: [around(LEFT, 3)] },
  false_positive: { objects: [LEFT], right: [around(LEFT, 3)], wrong: [[43, 11, 22, 26]] },
  inconsistent_localization: { objects: [LEFT, RIGHT], right: [around(LEFT, 3)], wrong: [[53, 5, 17, 22]] },
};

const GOOD_BOXES: Record<string, BoxDrawing> = {
  tight: { objects: [ONE], right: [around(ONE, 3)] },
  everything_found: { objects: [LEFT, RIGHT], right: [around(LEFT, 3), around(RIGHT, 3)] },
  few_false_positives: { objects: [LEFT], right: [around(LEFT, 3)] },
  even_quality: { objects: [SMALL, LARGE], right: [around(SMALL, 3), around(LARGE, 3)] },
};

/** A word is so many pixels wide: as the reference has it, said for nothing ("own"), or left out ("gap"). */
type Word = readonly [width: number, kind: "same" | "own" | "gap"];

interface TextDrawing {
  reference: readonly Word[];
  answer: readonly (readonly Word[])[];
  mark?: string;
}

const REFERENCE: readonly Word[] = [
  [14, "same"],
  [22, "same"],
  [16, "same"],
];

const FAILING_TEXT: Record<string, TextDrawing> = {
  hallucination: { reference: REFERENCE, answer: [[[14, "same"], [22, "own"], [16, "own"]]] },
  incomplete_answer: { reference: REFERENCE, answer: [[[14, "same"], [22, "gap"], [16, "gap"]]] },
  format_error: {
    reference: [[14, "same"]],
    answer: [[[14, "same"], [24, "own"], [16, "own"]], [[22, "own"], [16, "own"], [16, "own"]]],
  },
  ambiguity: { reference: [[14, "same"]], answer: [[[14, "own"]]], mark: "100 %?" },
};

const GOOD_TEXT: Record<string, TextDrawing> = {
  same_meaning: { reference: REFERENCE, answer: [[[18, "same"], [14, "same"], [20, "same"]]] },
  factual: { reference: REFERENCE, answer: [REFERENCE] },
  concise: { reference: [[14, "same"]], answer: [[[14, "same"]]] },
  well_formed: { reference: REFERENCE, answer: [REFERENCE] },
  handles_ambiguity: { reference: [[14, "same"]], answer: [[[14, "same"]]], mark: "50 %" },
};

const INSIDE = 3;

function TrueObject({ at: [x, y, width, height], missed }: { at: Rect; missed: boolean }) {
  return (
    <>
      <ellipse class="ew-pic-object" cx={x + width / 2} cy={y + height / 2} rx={width / 2 - INSIDE} ry={height / 2 - INSIDE} />
      <rect class="ew-pic-truth" data-missed={missed} x={x} y={y} width={width} height={height} />
    </>
  );
}

function Predicted({ at: [x, y, width, height], right }: { at: Rect; right: boolean }) {
  return <rect class="ew-pic-predicted" data-right={right} x={x} y={y} width={width} height={height} />;
}

function Boxes({ objects, missed = [], right, wrong = [] }: BoxDrawing) {
  return (
    <>
      {[...objects, ...missed].map((at, place) => (
        <TrueObject key={place} at={at} missed={place >= objects.length} />
      ))}
      {[...right, ...wrong].map((at, place) => (
        <Predicted key={place} at={at} right={place < right.length} />
      ))}
    </>
  );
}

const GAP = 4;
const LINE = 10;

function Line({ words, y, side }: { words: readonly Word[]; y: number; side: "reference" | "answer" }) {
  let x = 6;
  return (
    <>
      {words.map(([width, kind], place) => {
        const left = x;
        x += width + GAP;
        return <rect key={place} class="ew-pic-word" data-kind={side === "reference" ? side : kind} x={left} y={y} width={width} height={5} rx={1} />;
      })}
    </>
  );
}

function Text({ reference, answer, mark }: TextDrawing) {
  return (
    <>
      <Line words={reference} y={8} side="reference" />
      <path class="ew-pic-rule" d="M6 19H66" />
      {answer.map((words, place) => (
        <Line key={place} words={words} y={25 + place * LINE} side="answer" />
      ))}
      {mark !== undefined && (
        <text class="ew-pic-mark" x={26} y={31}>
          {mark}
        </text>
      )}
    </>
  );
}

function Drawing({ boxes, text }: { boxes: BoxDrawing | undefined; text: TextDrawing | undefined }) {
  return (
    <svg class="ew-pic" viewBox="0 0 72 48" width="72" height="48" aria-hidden="true" focusable="false">
      {boxes && <Boxes {...boxes} />}
      {text && <Text {...text} />}
    </svg>
  );
}

export function ModePictogram({ mode }: { mode: string }) {
  return <Drawing boxes={FAILING_BOXES[mode]} text={FAILING_TEXT[mode]} />;
}

export function GoodPictogram({ criterion }: { criterion: string }) {
  return <Drawing boxes={GOOD_BOXES[criterion]} text={GOOD_TEXT[criterion]} />;
}
