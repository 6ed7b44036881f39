export default function EvaluateStage() {
  return null;
}
