"""Invoices as the law reads them: EN 16931 in CII and UBL, inside of a PDF/A-3, with the gate that releases them."""
