export function FewShotNotes() {
  return null;
}
