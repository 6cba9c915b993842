// Shows the document that the page names. Nothing is asked of any other host: the
// validator that Swagger UI would ask is turned off.
SwaggerUIBundle({
  domNode: document.getElementById("viewer"),
  url: new URL(document.getElementById("viewer").dataset.document, document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
