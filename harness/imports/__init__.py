"""Makes stub files of what others have: WireMock folders, HAR files, OpenAPI documents, Postman collections."""
