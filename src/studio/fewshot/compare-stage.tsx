export default function CompareStage() {
  return null;
}
