import { answerAt, type Pack } from "../data/pack";
import type { Answer, Question, Status } from "../protocol";
import type { Side } from "../store";
import { ratioText } from "../words";
import { type Basis, WordChanges } from "./WordChanges";

export function absenceWords(status: Status | null): string {
  if (status === "missing") return "not evaluated at this step";
  return "no prediction at this step";
}

function Measures({ answer }: { answer: Answer }) {
  const exact = answer.exact_match;
  if (exact === null && answer.token_f1 === null && answer.bleu === null) return null;
  return (
    <p class="ew-measures">
      {exact !== null && (
        <span class={exact >= 1 ? "ew-good" : "ew-bad"}>{exact >= 1 ? "✓ exact match" : "✗ no exact match"}</span>
      )}
      {answer.token_f1 !== null && <span>token F1 {ratioText(answer.token_f1)}</span>}
      {answer.bleu !== null && <span>BLEU {ratioText(answer.bleu)}</span>}
    </p>
  );
}

interface GeneratedAnswerProps {
  answer: Answer | null | undefined;
  status: Status | null;
  basis: Basis | null;
}

function GeneratedAnswer({ answer, status, basis }: GeneratedAnswerProps) {
  if (answer === undefined && status === null) return <p class="ew-state">loading predictions…</p>;
  if (!answer) return <p class="ew-state">{absenceWords(status)}</p>;
  if (answer.text === null) {
    const known = ["", "ok", "invalid", "unparsable"].includes(answer.state);
    return (
      <>
        <p class="ew-state ew-bad">
          unparsable output{known ? "" : ` (${answer.state.replaceAll("_", " ")})`}
        </p>
        {answer.raw !== null && <pre class="ew-raw">{answer.raw}</pre>}
      </>
    );
  }
  return (
    <>
      {answer.text.trim() === "" && <p class="ew-state">empty answer</p>}
      {basis ? (
        <WordChanges basis={basis} text={answer.text} />
      ) : (
        <p class="ew-text" data-testid="answer-text">
          {answer.text}
        </p>
      )}
      {answer.state === "repaired" && answer.raw !== null && (
        <details class="ew-details">
          <summary>repaired from malformed output</summary>
          <pre class="ew-raw">{answer.raw}</pre>
        </details>
      )}
      <Measures answer={answer} />
    </>
  );
}

function References({ references, annotated }: { references: string[]; annotated: boolean }) {
  if (references.length === 0) {
    return <p class="ew-state">{annotated ? "no reference answer" : "no ground truth"}</p>;
  }
  return (
    <ul class="ew-references">
      {references.map((reference, place) => (
        <li key={place} class="ew-text">
          {reference === "" ? <span class="ew-state">empty reference</span> : reference}
        </li>
      ))}
    </ul>
  );
}

/** The same question of another pack of the specimen: by its item, or by its words. */
export function sameQuestion(pack: Pack, { item, question }: Question): Question | undefined {
  const { questions } = pack.reply;
  return (
    questions.find((one) => one.item === item && one.question === question) ??
    questions.find((one) => one.question === question)
  );
}

interface QuestionCardProps {
  /** Whose answers and references are shown; null while they are on their way. */
  pack: Pack | null;
  question: Question;
  side: Side;
  step: number | null;
  status: Status | null;
  /** What the answer's words are held against, if anything. */
  basis?: Basis | null;
  /** Something outside the panels points at it. */
  pointed?: boolean;
}

function AnswerOf({ pack, question, step, status, basis = null }: Omit<QuestionCardProps, "side" | "pointed">) {
  if (pack === null) return null;
  const asked = sameQuestion(pack, question);
  if (!asked) return <p class="ew-state">this run does not have the question</p>;
  return <GeneratedAnswer answer={answerAt(pack, asked, step)} status={status} basis={basis} />;
}

export function QuestionCard({ pack, question, side, step, status, basis, pointed = false }: QuestionCardProps) {
  return (
    <article class="ew-card" data-pointed={pointed}>
      {question.question !== "" && (
        <p class="ew-question" data-testid="question">
          {question.question}
        </p>
      )}
      <div class="ew-answer" data-testid={side === "truth" ? "reference" : side === "compared" ? "answer-compared" : "answer"}>
        {side === "truth" ? (
          <References references={question.references} annotated={pack?.reply.annotated ?? false} />
        ) : (
          <AnswerOf pack={pack} question={question} step={step} status={status} basis={basis} />
        )}
      </div>
    </article>
  );
}
