"""Everything that changes something: one package per verb, over shared safety and journals.

Nothing outside this package deletes, moves or renames an environment. Each verb has its plan, its
apply, its undo and its crash recovery in one place. Order of imports: ``recovery`` over the verbs
(``relink``, ``relocate``, ``sync``, ``copy``, ``delete``), these over ``prefix``, ``safety``,
``process`` and ``journals``, all over ``table`` and ``context``.
"""
