/** Styles are built into the script as minified text. */
declare module "*.css" {
  const text: string;
  export default text;
}
