import { COLUMN, type Spark, SPARK_HEIGHT, SPARK_WIDTH, sparkX } from "../charts/sparkline";

interface SparklineProps {
  /** Undefined until its values have arrived. */
  line: Spark | undefined;
  steps: readonly number[];
  stepIndex: number;
}

/** The score of one specimen over the steps, the step in sight marked. Its row says the same in words. */
export function Sparkline({ line, steps, stepIndex }: SparklineProps) {
  const x = sparkX(steps[stepIndex] ?? 0, steps);
  const point = line?.points[stepIndex];
  return (
    <svg class="ew-spark" width={SPARK_WIDTH} height={SPARK_HEIGHT} aria-hidden="true" focusable="false" data-testid="spark">
      <line class="ew-spark-step" x1={x} x2={x} y1="0" y2={SPARK_HEIGHT} />
      {line && line.band !== "" && <path class="ew-spark-band" d={line.band} stroke-width={COLUMN} />}
      {line && <path class="ew-spark-line" d={line.path} />}
      {point && <circle class="ew-spark-mark" cx={point.x} cy={point.y} r="2.5" />}
    </svg>
  );
}
