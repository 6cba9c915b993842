// Shows the document that the page names. `validatorUrl: null` keeps Swagger UI from sending the
// document to an online validator.
SwaggerUIBundle({
  domNode: document.getElementById("viewer"),
  url: new URL(document.getElementById("viewer").dataset.document, document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
