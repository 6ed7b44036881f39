export function PrototypePanel() {
  return null;
}
