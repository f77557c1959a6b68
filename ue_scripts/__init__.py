"""Scripts that run inside the Unreal editor: standard library and `unreal` only, Python 3.9 syntax.

They share file formats with the package, never code. Inside the editor they import each other by bare name.
"""
