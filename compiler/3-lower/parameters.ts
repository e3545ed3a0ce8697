/** The parameters of a function as its shell has them. */
import { ts } from "ts-morph";

export function parametersOf(node: ts.FunctionLikeDeclaration): readonly ts.ParameterDeclaration[] {
  return node.parameters.filter(({ name }) => name.getText() !== "this");
}

/** The parameters that count for `length`: those before the first with a default, or the rest. Patterns get a name. */
export function leadingParameters(
  node: ts.FunctionLikeDeclaration,
  free: (wanted: string) => string,
): readonly string[] {
  const all = parametersOf(node);
  const end = all.findIndex(
    ({ initializer, dotDotDotToken }) => initializer !== undefined || dotDotDotToken !== undefined,
  );
  const leading = end < 0 ? all : all.slice(0, end);
  // They are there for `length` alone; the function's own name must stay visible.
  const isPlain = (name: ts.BindingName): boolean =>
    ts.isIdentifier(name) && name.text !== node.name?.getText();
  return leading.map(({ name }, index) => (isPlain(name) ? name.getText() : free(`$${index + 1}`)));
}
